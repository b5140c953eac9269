//! Ids in paths.

use std::future::{Ready, ready};

use actix_web::{FromRequest, HttpRequest, dev::Payload};
use domain::{fault::FieldFault, id::Id};

use super::problem::{Problem, WRONG_FORMAT};

/// The last id in the path.
pub struct PathId<K>(pub Id<K>);

impl<K> Clone for PathId<K> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<K> Copy for PathId<K> {}

impl<K> FromRequest for PathId<K> {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(match request.match_info().iter().last() {
            Some(named) => read(named)
                .map(Self)
                .map_err(|f| Problem::parameters(vec![f])),
            None => Err(Problem::internal("a path without its id")),
        })
    }
}

/// Both ids of a path that has two: of a record, and of a part of it.
pub struct PathIds<A, B>(pub Id<A>, pub Id<B>);

impl<A, B> Clone for PathIds<A, B> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<A, B> Copy for PathIds<A, B> {}

impl<A, B> FromRequest for PathIds<A, B> {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let mut named = request.match_info().iter();
        ready(match (named.next(), named.next()) {
            (Some(first), Some(second)) => match (read(first), read(second)) {
                (Ok(first), Ok(second)) => Ok(Self(first, second)),
                (first, second) => Err(Problem::parameters(
                    first.err().into_iter().chain(second.err()).collect(),
                )),
            },
            _ => Err(Problem::internal("a path without its ids")),
        })
    }
}

fn read<K>((name, text): (&str, &str)) -> Result<Id<K>, FieldFault> {
    id(text).ok_or_else(|| FieldFault::new(name.to_owned(), &WRONG_FORMAT).with("format", "uuid"))
}

/// A UUID in its one form, with hyphens, in either case (RFC 9562, section 4).
fn id<K>(text: &str) -> Option<Id<K>> {
    let id: Id<K> = text.parse().ok()?;
    id.to_string().eq_ignore_ascii_case(text).then_some(id)
}

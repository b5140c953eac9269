//! Ids and values in paths.

use std::future::{Ready, ready};

use actix_web::{FromRequest, HttpRequest, dev::Payload};
use domain::{fault::FieldFault, id::Id, text_enum::TextEnum};

use super::problem::{NOT_IN_LIST, Problem, WRONG_FORMAT};

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

/// A value of a closed list, the last in the path.
#[derive(Clone, Copy)]
pub struct PathValue<E>(pub E);

impl<E: TextEnum> FromRequest for PathValue<E> {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let Some((name, text)) = request.match_info().iter().last() else {
            return ready(Err(Problem::internal("a path without its value")));
        };
        let all: Vec<_> = E::ALL.iter().map(|value| value.as_str()).collect();
        let fault = || {
            let fault = FieldFault::new(name.to_owned(), &NOT_IN_LIST);
            Problem::parameters(vec![fault.with("values", all.join(", "))])
        };
        ready(E::parse(text).map(Self).ok_or_else(fault))
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

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
            Some((name, text)) => id(text).map(Self).ok_or_else(|| {
                Problem::parameters(vec![
                    FieldFault::new(name.to_owned(), &WRONG_FORMAT).with("format", "uuid"),
                ])
            }),
            None => Err(Problem::internal("a path without its id")),
        })
    }
}

/// A UUID in its one form: lower case, with hyphens.
fn id<K>(text: &str) -> Option<Id<K>> {
    let id: Id<K> = text.parse().ok()?;
    (id.to_string() == text).then_some(id)
}

use domain::notices::{Notice, written};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::{
    files::RecordReference,
    http::{context::Language, list::page, wire::Wire},
};

pub type NoticeKind = Wire<domain::notices::NoticeKind>;

/// A notice (通知) in one's own inbox.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Notice)]
pub struct NoticeBody {
    pub id: Uuid,
    /// Raised with every change.
    #[schema(minimum = 1)]
    pub version: i64,
    /// What it is about.
    pub kind: NoticeKind,
    /// In the language of the request.
    pub text: String,
    /// The record that it is about.
    #[schema(required)]
    pub target: Option<RecordReference>,
    pub created_at: Timestamp,
    /// When it was read; null while it is unread.
    #[schema(required)]
    pub read_at: Option<Timestamp>,
}

impl NoticeBody {
    pub(super) fn new(notice: Notice, language: Language) -> Self {
        Self {
            id: notice.id.uuid(),
            version: notice.version,
            kind: Wire(notice.kind),
            text: written(language.of(notice.kind.text()), &notice.numbers),
            target: RecordReference::of(notice.target),
            created_at: notice.created_at,
            read_at: notice.read_at,
        }
    }
}

page! {
    /// One page of notices.
    NoticePage of NoticeBody
}

/// How many notices are unread.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct UnreadNotices {
    /// Unread ones, up to the number at which counting stops.
    #[schema(minimum = 0, maximum = 1000)]
    pub count: i64,
    /// Whether there may be more than `count`.
    pub is_capped: bool,
}

/// Which notices, newest first.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ListNotices {
    /// Whether to leave out those that were read.
    pub unread_only: Option<bool>,
}

use domain::privacy::{NewNotice, PrivacyNotice};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;
use validator::Validate;

use crate::{
    customers::consents::ConsentPurpose,
    http::{list::page, wire::Wire},
};

pub type NoticeLanguage = Wire<domain::organization::Locale>;

/// What people read before they agree (告知书).
#[derive(Clone, Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"purpose": "marketing", "language": "zh-CN", "title": "营销信息告知书",
    "text": "我们将通过电话和微信向您介绍课程。您可随时撤回同意。"}))]
pub struct PublishPrivacyNotice {
    /// What it is about.
    pub purpose: ConsentPurpose,
    /// In which language it is.
    pub language: NoticeLanguage,
    /// How it is called.
    #[schema(min_length = 1, max_length = 100)]
    pub title: String,
    /// Who uses what for which purpose and how long, and how consent is withdrawn.
    #[schema(min_length = 1, max_length = 9000)]
    pub text: String,
    /// Whether consent that was given after an older revision has to be asked for anew, because the
    /// purpose or the means have changed; not, when absent.
    #[schema(nullable = false)]
    pub asks_anew: Option<bool>,
}

impl From<PublishPrivacyNotice> for NewNotice {
    fn from(body: PublishPrivacyNotice) -> Self {
        Self {
            purpose: body.purpose.0,
            language: body.language.0,
            title: body.title,
            text: body.text,
            asks_anew: body.asks_anew.unwrap_or(false),
        }
    }
}

/// One revision of the notice of a purpose. It is never changed.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = PrivacyNotice)]
pub struct PrivacyNoticeBody {
    pub id: Uuid,
    /// What it is about.
    pub purpose: ConsentPurpose,
    /// Counted for each purpose, from 1 on.
    #[schema(minimum = 1)]
    pub revision: i64,
    /// In which language it is.
    pub language: NoticeLanguage,
    /// How it is called.
    pub title: String,
    /// What it says.
    pub text: String,
    /// Whether consent that was given after an older revision has to be asked for anew.
    pub asks_anew: bool,
    /// Since when it is there.
    pub published_at: Timestamp,
}

impl From<PrivacyNotice> for PrivacyNoticeBody {
    fn from(notice: PrivacyNotice) -> Self {
        Self {
            id: notice.id.uuid(),
            purpose: Wire(notice.purpose),
            revision: notice.revision,
            language: Wire(notice.language),
            title: notice.title,
            text: notice.text,
            asks_anew: notice.asks_anew,
            published_at: notice.published_at,
        }
    }
}

page! {
    /// One page of notices.
    PrivacyNoticePage of PrivacyNoticeBody
}

/// Which notices.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ListPrivacyNotices {
    /// Of any of these purposes.
    #[param(style = Form, explode = false)]
    pub purpose: Option<Vec<ConsentPurpose>>,
}

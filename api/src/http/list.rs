//! Lists: which part of one is asked for, and the page that answers.

use std::future::{Ready, ready};

use actix_web::{FromRequest, HttpRequest, dev::Payload};
use domain::{fault::Text, text_enum::TextEnum};
use persistence::{
    Error,
    scope::{Direction, Page, SortedPage},
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use utoipa::{
    IntoParams, ToSchema,
    openapi::path::{Parameter, ParameterIn},
};

use super::{
    cursor::{Cursors, Position, SortedPosition},
    parameters::{self, Parameters},
    problem::Problem,
    reply::Reply,
};
use crate::{access::Caller, app::App};

/// Rows of a page when nothing is said.
const DEFAULT_LIMIT: u16 = 50;

/// The parameters of every list.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Paging {
    /// Rows of a page.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<u16>,
    /// Where to continue: `next_cursor` of the page before, with the same other parameters; `limit` may
    /// be another.
    #[param(max_length = 512)]
    cursor: Option<String>,
}

/// Order of a list by when its records were created.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
pub enum CreationOrder {
    /// Newest first.
    #[default]
    #[serde(rename = "-created_at")]
    Newest,
    /// Oldest first.
    #[serde(rename = "created_at")]
    Oldest,
}

impl TextEnum for CreationOrder {
    const NAME: &'static str = "CreationOrder";
    const DOC: &'static str = "Order of a list by when its records were created.";
    const ALL: &'static [Self] = &[Self::Newest, Self::Oldest];

    fn as_str(self) -> &'static str {
        match self {
            Self::Newest => "-created_at",
            Self::Oldest => "created_at",
        }
    }

    fn label(self) -> Text {
        match self {
            Self::Newest => Text {
                zh: "最新在前",
                en: "Newest first",
            },
            Self::Oldest => Text {
                zh: "最早在前",
                en: "Oldest first",
            },
        }
    }
}

impl From<CreationOrder> for Direction {
    fn from(order: CreationOrder) -> Self {
        match order {
            CreationOrder::Newest => Self::NewestFirst,
            CreationOrder::Oldest => Self::OldestFirst,
        }
    }
}

/// The query of a list: which records, by the list's own parameters `T`, and which part of them.
///
/// Its operation declares `params(Paging, T)`.
pub struct List<T> {
    pub query: T,
    pub part: Part,
}

/// Of a list that has no parameters of its own.
#[derive(Clone, Copy, Debug, Deserialize)]
pub struct Unfiltered {}

impl IntoParams for Unfiltered {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        Vec::new()
    }
}

/// All parameters of a list.
#[derive(Deserialize)]
struct Asked<T> {
    #[serde(flatten)]
    paging: Paging,
    #[serde(flatten)]
    query: T,
}

impl<T: IntoParams> IntoParams for Asked<T> {
    fn into_params(place: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let mut all = Paging::into_params(&place);
        all.extend(T::into_params(&place));
        all
    }
}

impl<T: DeserializeOwned + IntoParams + 'static> List<T> {
    fn of(request: &HttpRequest) -> Result<Self, Problem> {
        let app = App::of(request)?;
        let Parameters(Asked { paging, query }) = parameters::read(app, request.query_string())?;
        let pairs = |passing: &[&str]| -> Vec<&str> {
            let pairs = request.query_string().split('&');
            let is_passing = |pair: &str| passing.iter().any(|name| pair.starts_with(name));
            pairs
                .filter(|pair| !pair.is_empty() && !is_passing(pair))
                .collect()
        };
        // Whoever walks on has the total already.
        let kept = pairs(&["cursor=", "include_total="]);
        let address = format!("{}?{}", request.path(), kept.join("&"));
        let mut asked = pairs(&["cursor=", "include_total=", "limit="]);
        asked.sort_unstable();
        let part = Part::new(request, &asked.join("&"), paging.limit, paging.cursor)?;
        let part = Part { address, ..part };
        Ok(Self { query, part })
    }
}

impl<T: DeserializeOwned + IntoParams + 'static> FromRequest for List<T> {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Self::of(request))
    }
}

/// Which part of a list is asked for.
pub struct Part {
    cursors: Cursors,
    /// What a cursor is bound to: who asks for what, in whatever parts.
    bound: String,
    /// Path and query, without the cursor.
    address: String,
    /// Rows to show.
    pub limit: u64,
    cursor: Option<String>,
}

impl Part {
    /// Of what is `asked` for, the part aside.
    pub fn new(
        request: &HttpRequest,
        asked: &str,
        limit: Option<u16>,
        cursor: Option<String>,
    ) -> Result<Self, Problem> {
        let path = request.path();
        let who = match Caller::of(request) {
            Caller::Known(known) => format!("{} {}", known.institution(), known.principal()),
            Caller::Anonymous | Caller::Unknown => String::new(),
        };
        Ok(Self {
            cursors: App::of(request)?.cursors.clone(),
            bound: format!("{who} {}?{asked}", path.to_ascii_lowercase()),
            address: path.to_owned(),
            limit: limit.unwrap_or(DEFAULT_LIMIT).into(),
            cursor,
        })
    }

    /// The last row of the page before.
    ///
    /// # Errors
    /// 422 `invalid_cursor` where the cursor is not one of this list, or another's.
    pub fn after(&self) -> Result<Option<Position>, Problem> {
        let cursor = self.cursor.as_deref();
        cursor
            .map(|cursor| self.cursors.read(cursor, &self.bound))
            .transpose()
    }

    /// The rows to read: one more than are shown, to learn whether there are others.
    ///
    /// # Errors
    /// 422 `invalid_cursor` where the cursor is not one of this list, or another's.
    pub fn page(&self, order: impl Into<Direction>) -> Result<Page, Problem> {
        Ok(Page {
            order: order.into(),
            after: self.after()?,
            limit: self.limit + 1,
        })
    }

    /// The same of a list that is sorted by something else than an instant.
    ///
    /// # Errors
    /// 422 `invalid_cursor` where the cursor is not one of this list, or another's.
    pub fn sorted_page(&self, is_descending: bool) -> Result<SortedPage, Problem> {
        let cursor = self.cursor.as_deref();
        let after = cursor.map(|cursor| self.cursors.read_sorted(cursor, &self.bound));
        Ok(SortedPage {
            is_descending,
            after: after.transpose()?,
            limit: self.limit + 1,
        })
    }

    /// Where the list goes on that is not cut by its rows.
    pub fn next(self, cursor: Option<String>) -> Next {
        Next {
            address: self.address,
            cursor,
        }
    }

    /// The cursor that continues behind a position.
    pub fn cursor(&self, position: Position) -> String {
        self.cursors.write(position, &self.bound)
    }

    /// The rows to show of those that were read, and where the list goes on.
    pub fn cut<R>(self, rows: Vec<R>, position: impl Fn(&R) -> Position) -> (Vec<R>, Next) {
        self.cut_at(rows, |part, row| part.cursor(position(row)))
    }

    /// The same of a list that is sorted by something else than an instant.
    pub fn cut_sorted<R>(
        self,
        rows: Vec<R>,
        position: impl Fn(&R) -> SortedPosition,
    ) -> (Vec<R>, Next) {
        self.cut_at(rows, |part, row| {
            part.cursors.write_sorted(&position(row), &part.bound)
        })
    }

    fn cut_at<R>(self, mut rows: Vec<R>, cursor: impl Fn(&Self, &R) -> String) -> (Vec<R>, Next) {
        let shown = usize::try_from(self.limit).unwrap_or(usize::MAX);
        let more = rows.len() > shown;
        rows.truncate(shown);
        let last = rows.last().filter(|_| more);
        let cursor = last.map(|row| cursor(&self, row));
        let next = Next {
            address: self.address,
            cursor,
        };
        (rows, next)
    }
}

/// Where a list goes on, if it does.
pub struct Next {
    /// Path and query of the list.
    address: String,
    pub cursor: Option<String>,
}

impl Next {
    /// Answers a page.
    pub fn answer<P: PageBody>(
        self,
        items: impl IntoIterator<Item = P::Item>,
    ) -> Result<Reply, Error> {
        let (page, link) = self.page::<P>(items);
        Ok(Reply::ok(&page)?.with_next(link))
    }

    /// Answers a page that has an ETag.
    pub fn answer_tagged<P: PageBody>(
        self,
        items: impl IntoIterator<Item = P::Item>,
    ) -> Result<Reply, Error> {
        let (page, link) = self.page::<P>(items);
        Ok(Reply::list(&page)?.with_next(link))
    }

    /// The page, and the address of the next one.
    pub fn page<P: PageBody>(
        self,
        items: impl IntoIterator<Item = P::Item>,
    ) -> (P, Option<String>) {
        let separator = if self.address.ends_with('?') { "" } else { "&" };
        let link = self.cursor.as_ref();
        let link = link.map(|cursor| format!("{}{separator}cursor={cursor}", self.address));
        (P::new(items.into_iter().collect(), self.cursor), link)
    }
}

/// The body of a page.
pub trait PageBody: Serialize {
    type Item;
    fn new(items: Vec<Self::Item>, next_cursor: Option<String>) -> Self;
}

/// Declares the page of a list; `as` names the type of an item that is not shown as it is.
macro_rules! page {
    ($(#[$doc:meta])* $name:ident of $item:ident) => {
        $crate::http::list::page! { $(#[$doc])* $name of $item as $item }
    };
    ($(#[$doc:meta])* $name:ident of $item:ident as $shown:ty) => {
        $(#[$doc])*
        #[derive(Debug, serde::Serialize, utoipa::ToSchema)]
        pub struct $name {
            #[schema(value_type = Vec<$item>)]
            pub items: Vec<$shown>,
            /// Continues the list; null at its end.
            #[schema(required)]
            pub next_cursor: Option<String>,
        }

        impl $crate::http::list::PageBody for $name {
            type Item = $shown;

            fn new(items: Vec<$shown>, next_cursor: Option<String>) -> Self {
                Self { items, next_cursor }
            }
        }
    };
}
pub(crate) use page;

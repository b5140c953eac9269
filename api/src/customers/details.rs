//! What is known of a customer beyond its profile, on the wire.

use domain::{
    customers::{CityClass as Class, Details, Influence, Level, Prose, RegionCode},
    fault::FieldFault,
    text_enum::TextEnum,
};
use serde::{Deserialize, Serialize};
use serde_with::rust::double_option;
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{ObjectBuilder, RefOr, Schema, Type},
};
use validator::Validate;

use crate::http::wire::Wire;

pub type CityClass = Wire<Class>;
pub type CustomerInfluence = Wire<Influence>;
pub type CustomerLevel = Wire<Level>;

/// An item of a list of short texts.
pub struct DetailItem;

impl PartialSchema for DetailItem {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .description(Some("A short text, which stands in its list once."))
            .min_length(Some(1))
            .max_length(Some(50))
            .into()
    }
}

impl ToSchema for DetailItem {}

/// What is said of a customer beyond its profile: absent leaves a field, null clears it. Some fields are for
/// customers of some kinds only (`detail_not_fitting`). Of a child under 14, what is beyond an enquiry is
/// kept only once a guardian has agreed (`recordConsent`, purpose `child_data`; `guardian_consent_missing`):
/// all but needs, expectations, preferences, region and tier.
#[derive(Clone, Default, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"needs": "数学提高", "hobbies": ["篮球"], "region_code": "110108"}))]
pub struct CustomerDetailsInput {
    /// What the customer needs (需求). Null clears it.
    #[serde(default, with = "double_option")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 1000)]
    pub needs: Option<Option<String>>,
    /// What the customer hopes for (教育期望). Null clears it.
    #[serde(default, with = "double_option")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 1000)]
    pub expectations: Option<Option<String>>,
    /// Background (背景). Null clears it.
    #[serde(default, with = "double_option")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 1000)]
    pub background: Option<Option<String>>,
    /// Where the customer is heading (发展趋势). Null clears it.
    #[serde(default, with = "double_option")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 1000)]
    pub development_trend: Option<Option<String>>,
    /// How the customer buys (消费习惯). Null clears it.
    #[serde(default, with = "double_option")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 1000)]
    pub consumption_habits: Option<Option<String>>,
    /// What is peculiar to the need (需求特点). Null clears it.
    #[serde(default, with = "double_option")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 1000)]
    pub need_features: Option<Option<String>>,
    /// How the customer lives (居住情况); the address is a contact point. Null clears it.
    #[serde(default, with = "double_option")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 1000)]
    pub residence: Option<Option<String>>,
    /// What the customer likes to do (兴趣爱好). Null clears it.
    #[serde(default, with = "double_option")]
    #[schema(value_type = Option<Vec<DetailItem>>, max_items = 20)]
    pub hobbies: Option<Option<Vec<String>>>,
    /// Which products the customer prefers (产品偏好). Null clears it.
    #[serde(default, with = "double_option")]
    #[schema(value_type = Option<Vec<DetailItem>>, max_items = 20)]
    pub preferences_product: Option<Option<Vec<String>>>,
    /// Which services the customer prefers (服务偏好). Null clears it.
    #[serde(default, with = "double_option")]
    #[schema(value_type = Option<Vec<DetailItem>>, max_items = 20)]
    pub preferences_service: Option<Option<Vec<String>>>,
    /// What a guardian minds most (关注重点). Only of guardians. Null clears it.
    #[serde(default, with = "double_option")]
    #[schema(value_type = Option<Vec<DetailItem>>, max_items = 20)]
    pub focus_of_concern: Option<Option<Vec<String>>>,
    /// Where the customer lives, by GB/T 2260 (行政区划代码): six digits, of a province, a city or a county. Null clears it.
    #[serde(default, with = "double_option")]
    #[schema(value_type = Option<String>, min_length = 6, max_length = 6, pattern = "^[1-9][0-9]{5}$")]
    pub region_code: Option<Option<String>>,
    /// What kind of place that is (城市级别), where the code of the region does not say it, or says it wrong. Null clears it.
    #[serde(default, with = "double_option")]
    #[schema(value_type = Option<CityClass>)]
    pub city_class: Option<Option<CityClass>>,
    /// By what the customer influences others (影响力). Null clears it.
    #[serde(default, with = "double_option")]
    #[schema(value_type = Option<Vec<CustomerInfluence>>, max_items = 3)]
    pub influence: Option<Option<Vec<CustomerInfluence>>>,
    /// How, in words. Null clears it.
    #[serde(default, with = "double_option")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 1000)]
    pub influence_note: Option<Option<String>>,
    /// How much the customer may come to spend (消费潜力). Null clears it.
    #[serde(default, with = "double_option")]
    #[schema(value_type = Option<CustomerLevel>)]
    pub consumption_potential: Option<Option<CustomerLevel>>,
    /// How much the customer can spend (消费能力). Null clears it.
    #[serde(default, with = "double_option")]
    #[schema(value_type = Option<CustomerLevel>)]
    pub spending_power: Option<Option<CustomerLevel>>,
    /// Which tier of membership the customer has (会员等级). Null clears it.
    #[serde(default, with = "double_option")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 200)]
    pub membership_tier: Option<Option<String>>,
    /// What a partner is strong in (优势资源). Only of partners. Null clears it.
    #[serde(default, with = "double_option")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 1000)]
    pub advantage_resources: Option<Option<String>>,
    /// In which industry an organization works (行业). Only of schools, institutions, partners and companies. Null clears it.
    #[serde(default, with = "double_option")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 200)]
    pub industry: Option<Option<String>>,
    /// How large it is (规模). Only of schools, institutions, partners and companies. Null clears it.
    #[serde(default, with = "double_option")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 200)]
    pub size: Option<Option<String>>,
    /// Its website (网站). Only of schools, institutions, partners and companies. Null clears it.
    #[serde(default, with = "double_option")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 200)]
    pub website: Option<Option<String>>,
    /// Which exhibitions it attends (参展情况). Only of schools, institutions, partners and companies. Null clears it.
    #[serde(default, with = "double_option")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 1000)]
    pub exhibitions: Option<Option<String>>,
    /// How good its credit is (信用状况). Only of schools, institutions, partners and companies. Null clears it.
    #[serde(default, with = "double_option")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 1000)]
    pub credit: Option<Option<String>>,
    /// How it runs (经营状况). Only of schools, institutions, partners and companies. Null clears it.
    #[serde(default, with = "double_option")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 1000)]
    pub operation: Option<Option<String>>,
    /// How its sales go (销售状况). Only of schools, institutions, partners and companies. Null clears it.
    #[serde(default, with = "double_option")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 1000)]
    pub sales_situation: Option<Option<String>>,
    /// In which business it is (业务范围). Only of schools, institutions, partners and companies. Null clears it.
    #[serde(default, with = "double_option")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 1000)]
    pub business_scope: Option<Option<String>>,
}

impl std::fmt::Debug for CustomerDetailsInput {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("***")
    }
}

fn prose(sent: Option<Option<String>>, known: Option<Prose>) -> Option<Prose> {
    sent.map_or(known, |sent| sent.map(Prose))
}

fn list(sent: Option<Option<Vec<String>>>, known: Vec<String>) -> Vec<String> {
    sent.map_or(known, Option::unwrap_or_default)
}

fn value<E: TextEnum>(sent: Option<Option<Wire<E>>>, known: Option<E>) -> Option<E> {
    sent.map_or(known, |sent| sent.map(|v| v.0))
}

impl CustomerDetailsInput {
    /// The details with what is said here.
    ///
    /// # Errors
    /// Where the code of the region is none.
    pub fn apply(self, known: Details) -> Result<Details, FieldFault> {
        let region_code = match self.region_code {
            None => known.region_code,
            Some(None) => None,
            Some(Some(code)) => Some(RegionCode::sent("/details/region_code", &code)?),
        };
        Ok(Details {
            needs: prose(self.needs, known.needs),
            expectations: prose(self.expectations, known.expectations),
            background: prose(self.background, known.background),
            development_trend: prose(self.development_trend, known.development_trend),
            consumption_habits: prose(self.consumption_habits, known.consumption_habits),
            need_features: prose(self.need_features, known.need_features),
            residence: prose(self.residence, known.residence),
            hobbies: list(self.hobbies, known.hobbies),
            preferences_product: list(self.preferences_product, known.preferences_product),
            preferences_service: list(self.preferences_service, known.preferences_service),
            focus_of_concern: list(self.focus_of_concern, known.focus_of_concern),
            region_code,
            city_class: value(self.city_class, known.city_class),
            influence: match self.influence {
                None => known.influence,
                Some(sent) => sent.into_iter().flatten().map(|v| v.0).collect(),
            },
            influence_note: prose(self.influence_note, known.influence_note),
            consumption_potential: value(self.consumption_potential, known.consumption_potential),
            spending_power: value(self.spending_power, known.spending_power),
            membership_tier: self.membership_tier.unwrap_or(known.membership_tier),
            advantage_resources: prose(self.advantage_resources, known.advantage_resources),
            industry: self.industry.unwrap_or(known.industry),
            size: self.size.unwrap_or(known.size),
            website: self.website.unwrap_or(known.website),
            exhibitions: prose(self.exhibitions, known.exhibitions),
            credit: prose(self.credit, known.credit),
            operation: prose(self.operation, known.operation),
            sales_situation: prose(self.sales_situation, known.sales_situation),
            business_scope: prose(self.business_scope, known.business_scope),
        })
    }
}

/// What is known of a customer beyond its profile. Null, or an empty list, is what nobody said and what a
/// field rule hides.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = CustomerDetails)]
pub struct CustomerDetailsBody {
    /// What the customer needs (需求).
    #[schema(required)]
    pub needs: Option<String>,
    /// What the customer hopes for (教育期望).
    #[schema(required)]
    pub expectations: Option<String>,
    /// Background (背景).
    #[schema(required)]
    pub background: Option<String>,
    /// Where the customer is heading (发展趋势).
    #[schema(required)]
    pub development_trend: Option<String>,
    /// How the customer buys (消费习惯).
    #[schema(required)]
    pub consumption_habits: Option<String>,
    /// What is peculiar to the need (需求特点).
    #[schema(required)]
    pub need_features: Option<String>,
    /// How the customer lives (居住情况); the address is a contact point.
    #[schema(required)]
    pub residence: Option<String>,
    /// What the customer likes to do (兴趣爱好).
    pub hobbies: Vec<String>,
    /// Which products the customer prefers (产品偏好).
    pub preferences_product: Vec<String>,
    /// Which services the customer prefers (服务偏好).
    pub preferences_service: Vec<String>,
    /// What a guardian minds most (关注重点).
    pub focus_of_concern: Vec<String>,
    /// Where the customer lives, by GB/T 2260 (行政区划代码): six digits, of a province, a city or a county.
    #[schema(required)]
    pub region_code: Option<String>,
    /// What kind of place that is (城市级别). As somebody said, else as the code of the region has it.
    #[schema(required)]
    pub city_class: Option<CityClass>,
    /// By what the customer influences others (影响力).
    pub influence: Vec<CustomerInfluence>,
    /// How, in words.
    #[schema(required)]
    pub influence_note: Option<String>,
    /// How much the customer may come to spend (消费潜力).
    #[schema(required)]
    pub consumption_potential: Option<CustomerLevel>,
    /// How much the customer can spend (消费能力).
    #[schema(required)]
    pub spending_power: Option<CustomerLevel>,
    /// Which tier of membership the customer has (会员等级).
    #[schema(required)]
    pub membership_tier: Option<String>,
    /// What a partner is strong in (优势资源).
    #[schema(required)]
    pub advantage_resources: Option<String>,
    /// In which industry an organization works (行业).
    #[schema(required)]
    pub industry: Option<String>,
    /// How large it is (规模).
    #[schema(required)]
    pub size: Option<String>,
    /// Its website (网站).
    #[schema(required)]
    pub website: Option<String>,
    /// Which exhibitions it attends (参展情况).
    #[schema(required)]
    pub exhibitions: Option<String>,
    /// How good its credit is (信用状况).
    #[schema(required)]
    pub credit: Option<String>,
    /// How it runs (经营状况).
    #[schema(required)]
    pub operation: Option<String>,
    /// How its sales go (销售状况).
    #[schema(required)]
    pub sales_situation: Option<String>,
    /// In which business it is (业务范围).
    #[schema(required)]
    pub business_scope: Option<String>,
}

impl CustomerDetailsBody {
    /// The class of the place is told from the code of the region only to whoever may read the code.
    pub(super) fn new(details: Details, reads_region: bool) -> Self {
        let class = match reads_region {
            true => details.place_class(),
            false => details.city_class,
        };
        Self {
            needs: details.needs.map(|told| told.0),
            expectations: details.expectations.map(|told| told.0),
            background: details.background.map(|told| told.0),
            development_trend: details.development_trend.map(|told| told.0),
            consumption_habits: details.consumption_habits.map(|told| told.0),
            need_features: details.need_features.map(|told| told.0),
            residence: details.residence.map(|told| told.0),
            hobbies: details.hobbies,
            preferences_product: details.preferences_product,
            preferences_service: details.preferences_service,
            focus_of_concern: details.focus_of_concern,
            region_code: details.region_code.map(|code| code.as_str().to_owned()),
            city_class: class.map(Wire),
            influence: details.influence.into_iter().map(Wire).collect(),
            influence_note: details.influence_note.map(|told| told.0),
            consumption_potential: details.consumption_potential.map(Wire),
            spending_power: details.spending_power.map(Wire),
            membership_tier: details.membership_tier,
            advantage_resources: details.advantage_resources.map(|told| told.0),
            industry: details.industry,
            size: details.size,
            website: details.website,
            exhibitions: details.exhibitions.map(|told| told.0),
            credit: details.credit.map(|told| told.0),
            operation: details.operation.map(|told| told.0),
            sales_situation: details.sales_situation.map(|told| told.0),
            business_scope: details.business_scope.map(|told| told.0),
        }
    }
}

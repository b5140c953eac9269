//! What is known of some customers beyond their profiles, apart from the rows that lists read.

super::migration!(
    "m0102_customer_details",
    r#"
-- A row only where something is known. Lists stand between line breaks.
CREATE TABLE customer_details (
    institution_id {uuid} NOT NULL,
    customer_id {uuid} NOT NULL,
    needs {text},
    expectations {text},
    background {text},
    development_trend {text},
    consumption_habits {text},
    need_features {text},
    residence {text},
    hobbies {text},
    preferences_product {text},
    preferences_service {text},
    focus_of_concern {text},
    region_code text,
    city_class text,
    influence text,
    influence_note {text},
    consumption_potential text,
    spending_power text,
    membership_tier {text},
    advantage_resources {text},
    industry {text},
    size {text},
    website {text},
    exhibitions {text},
    credit {text},
    operation {text},
    sales_situation {text},
    business_scope {text},
    -- As somebody said, else as the code of the region has it.
    place_class text,
    PRIMARY KEY (institution_id, customer_id),
    CONSTRAINT customer_details_customer_fkey FOREIGN KEY (institution_id, customer_id) REFERENCES customers
);
"#
);

//! Where customers live, what they have learnt, what they do, and which school they go to.

super::migration!(
    "m0094_customer_profiles",
    r#"
ALTER TABLE customers ADD COLUMN region {text};
ALTER TABLE customers ADD COLUMN education text CONSTRAINT customers_education_check
    CHECK (education IN ('primary', 'junior_secondary', 'senior_secondary', 'vocational', 'associate',
                         'bachelor', 'master', 'doctorate', 'other'));
ALTER TABLE customers ADD COLUMN occupation text CONSTRAINT customers_occupation_check
    CHECK (occupation IN ('company_employee', 'civil_servant', 'teacher', 'student', 'freelancer', 'other'));
ALTER TABLE customers ADD COLUMN school {text};
ALTER TABLE customers ADD COLUMN grade {text};
"#
);

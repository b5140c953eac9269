//! No body takes more than its schema names (T-11, I-08). Names and places are made from the
//! published document.

use std::collections::BTreeSet;

use tests::{Operation, Value, World, both, json};

/// What an attacker would like to set.
const PRIVILEGED: &[&str] = &[
    "__proto__",
    "access_version",
    "acting_for",
    "amount_minor",
    "approved_at",
    "approved_by",
    "archived_at",
    "balance",
    "campus_ids",
    "constructor",
    "created_at",
    "created_by",
    "customer_campus_id",
    "deleted_at",
    "discount_bp",
    "email_verified",
    "holder",
    "hours_hundredths",
    "id",
    "institution",
    "institution_id",
    "is_admin",
    "is_built_in",
    "is_deleted",
    "is_paid",
    "legal_entity_id",
    "name_fold",
    "owner_id",
    "paid_at",
    "password_hash",
    "permissions",
    "points",
    "price",
    "principal_id",
    "reach",
    "role",
    "roles",
    "scope",
    "status",
    "team_id",
    "tenant_id",
    "updated_at",
    "updated_by",
    "user_id",
    "version",
];

/// Every operation that takes a JSON body.
fn with_body(w: &World) -> Vec<Operation> {
    let mut all = w.server.contract.callable();
    all.retain(|operation| operation.body.is_some() && !operation.takes_form());
    all
}

/// Names of all properties of all schemas, and the privileged ones.
fn names(w: &World) -> BTreeSet<String> {
    let schemas = &w.server.contract.document()["components"]["schemas"];
    let mut names: BTreeSet<String> = PRIVILEGED.iter().map(|n| (*n).to_owned()).collect();
    for schema in schemas.as_object().unwrap().values() {
        properties(schema, &mut names);
    }
    names
}

fn properties(schema: &Value, names: &mut BTreeSet<String>) {
    match schema {
        Value::Object(fields) => {
            if let Some(own) = schema["properties"].as_object() {
                names.extend(own.keys().cloned());
            }
            fields.values().for_each(|inner| properties(inner, names));
        }
        Value::Array(items) => items.iter().for_each(|item| properties(item, names)),
        _ => {}
    }
}

/// Pointers of the objects in an example, each with what its schema calls its properties.
fn objects(
    w: &World,
    schema: &Value,
    example: &Value,
    at: &str,
) -> Vec<(String, BTreeSet<String>)> {
    let schema = branch(w, schema, example);
    let mut found = Vec::new();
    if let Some(fields) = example.as_object() {
        let known: BTreeSet<String> = schema["properties"]
            .as_object()
            .into_iter()
            .flatten()
            .map(|(name, _)| name.clone())
            .collect();
        // A map takes any name, by its nature.
        if schema["additionalProperties"].is_object() {
            return found;
        }
        assert_eq!(schema["additionalProperties"], false, "{at}: an open body");
        found.push((at.to_owned(), known));
        for (name, value) in fields {
            let inner = &schema["properties"][name];
            found.extend(objects(w, inner, value, &format!("{at}/{name}")));
        }
    } else if let Some(first) = example.as_array().and_then(|items| items.first()) {
        found.extend(objects(w, &schema["items"], first, &format!("{at}/0")));
    }
    found
}

/// The schema itself, past references and the null of what may be null.
fn branch<'a>(w: &'a World, schema: &'a Value, example: &Value) -> &'a Value {
    let schema = w.server.contract.resolve(schema);
    let several = schema["oneOf"].as_array().or(schema["anyOf"].as_array());
    match several {
        Some(branches) if !example.is_null() => branches
            .iter()
            .map(|b| w.server.contract.resolve(b))
            .find(|b| b["type"] != "null")
            .unwrap(),
        _ => schema,
    }
}

both! {
    async fn a_field_that_the_schema_does_not_name_is_refused_wherever_it_stands(w: World) {
        let boss = w.as_boss();
        let names = names(&w);
        let operations = with_body(&w);
        assert!(operations.len() >= 3 && names.len() > 50);
        let mut calls = Vec::new();
        for operation in operations {
            let example = operation.example(&w).await.unwrap();
            let call = operation.call(&w, &operation.random_ids()).await;
            calls.push((operation, example, call));
        }
        let before = w.server.contents(w.institution).await;
        for (operation, example, call) in calls {
            for (at, known) in objects(&w, operation.body.as_ref().unwrap(), &example, "") {
                let foreign: BTreeSet<_> = names.difference(&known).cloned().collect();
                let pointers = foreign.iter().map(|name| format!("#{at}/{name}"));
                let expected: BTreeSet<_> = pointers.map(|p| (p, "unknown_field".to_owned())).collect();
                for value in [json!(null), json!(1), json!({"a": []})] {
                    let mut body = example.clone();
                    for name in &foreign {
                        body.pointer_mut(&at).unwrap()[name] = value.clone();
                    }
                    let refused = boss.call(&call.clone().with_body(&body)).await
                        .expect_problem(422, "validation_failed");
                    let errors: BTreeSet<_> = refused.errors().into_iter().collect();
                    assert_eq!(errors, expected, "{}", operation.id);
                }
            }
        }
        assert_eq!(before, w.server.contents(w.institution).await);
    }

    async fn a_field_in_another_case_or_with_blanks_is_not_taken_for_a_known_one(w: World) {
        let boss = w.as_boss();
        for operation in with_body(&w) {
            let example = operation.example(&w).await.unwrap();
            let call = operation.call(&w, &operation.random_ids()).await;
            for name in example.as_object().unwrap().keys() {
                for other in [name.to_uppercase(), format!(" {name}"), format!("{name}\u{200b}"), name.replace('_', "") + "_"] {
                    let mut body = example.clone();
                    body[&other] = example[name].clone();
                    boss.call(&call.clone().with_body(&body)).await.expect_problem(422, "validation_failed");
                }
            }
        }
    }

    async fn a_body_that_is_no_object_is_refused(w: World) {
        let boss = w.as_boss();
        for operation in with_body(&w) {
            let call = operation.call(&w, &operation.random_ids()).await;
            for body in [json!(null), json!([]), json!([operation.example(&w).await]), json!("x"), json!(1), json!(true)] {
                boss.call(&call.clone().with_body(&body)).await.expect_problem(422, "validation_failed");
            }
        }
    }

    async fn an_operation_with_parameters_takes_none_that_it_does_not_name(w: World) {
        let boss = w.as_boss();
        let names = names(&w);
        for operation in w.server.contract.callable() {
            if operation.parameters.is_empty() {
                continue;
            }
            let foreign: BTreeSet<_> =
                names.iter().filter(|name| !operation.parameters.contains(name)).cloned().collect();
            let mut call = operation.call(&w, &operation.random_ids()).await;
            let pairs: Vec<_> = foreign.iter().map(|name| format!("{name}=1")).collect();
            call.path = format!("{}?{}", call.path, pairs.join("&"));
            let refused = boss.call(&call).await.expect_problem(422, "validation_failed");
            let expected: BTreeSet<_> =
                foreign.into_iter().map(|name| (name, "unknown_parameter".to_owned())).collect();
            assert_eq!(refused.errors().into_iter().collect::<BTreeSet<_>>(), expected, "{}", operation.id);
        }
    }

    async fn what_the_server_decides_is_not_what_a_header_says(w: World) {
        let recruiter = w.as_recruiter();
        let create = w.server.contract.named("createCustomer");
        let mut call = create.call(&w, &[]).await;
        for header in ["x-institution-id", "x-tenant-id", "x-user-id", "x-principal-id", "x-forwarded-user", "x-original-url", "x-http-method-override"] {
            call = call.with(header, &w.other.to_string());
        }
        let made = recruiter.call(&call).await.expect(201);
        assert_eq!(made.json["holder_id"], json!(recruiter.principal));
        assert!(w.as_stranger().get("/api/v1/customers").await.ids().is_empty());
    }
}

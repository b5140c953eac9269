//! Descriptions of what means the same wherever it stands, so that no body repeats it.

use serde_json::Value;

/// Describes the properties of all schemas that their bodies leave undescribed.
pub(super) fn describe_properties(schemas: &mut Value) {
    for schema in schemas
        .as_object_mut()
        .into_iter()
        .flat_map(|all| all.values_mut())
    {
        let properties = schema.get_mut("properties").and_then(Value::as_object_mut);
        for (name, property) in properties.into_iter().flatten() {
            lift(property);
            if property.get("description").is_none()
                && let Some(text) = of_property(name)
            {
                property["description"] = text.into();
            }
        }
    }
}

/// Describes a parameter that its handler leaves undescribed.
pub(super) fn describe_parameter(parameter: &mut Value) {
    if parameter.get("description").is_none()
        && let Some(text) = parameter["name"].as_str().and_then(of_parameter)
    {
        parameter["description"] = text.into();
    }
}

/// What is said of a nullable reference is said of the property, not of one branch of it.
fn lift(property: &mut Value) {
    let branches = property.get_mut("oneOf").and_then(Value::as_array_mut);
    let said = branches
        .into_iter()
        .flatten()
        .filter(|branch| branch.get("$ref").is_some())
        .find_map(|branch| branch.as_object_mut()?.remove("description"));
    if let Some(said) = said {
        property["description"] = said;
    }
}

fn of_property(name: &str) -> Option<String> {
    let text = match name {
        "id" => "Its id, made by the server: a UUID that sorts by the time it was made.",
        "items" => "What was asked for, in its order.",
        "name" => "Name that people see.",
        "created_at" => "When it was made.",
        "updated_at" => "When it was last changed.",
        "version" => "Raised with every change.",
        _ => return of_id(name),
    };
    Some(text.into())
}

fn of_parameter(name: &str) -> Option<String> {
    match name {
        "sort" => Some("Order of the list; a minus begins what is descending.".into()),
        _ => of_id(name),
    }
}

fn of_id(name: &str) -> Option<String> {
    let of = name.strip_suffix("_id")?.replace('_', " ");
    Some(format!("Id of the {of}."))
}

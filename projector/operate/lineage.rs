//! Where the views of a projection come from: services, their events, the entities these fold into, and the views that read those.

use std::collections::BTreeMap;

use projections::plan::{Plan, View};
use schemas::Registry;
use serde_json::{Value, json};

/// As JSON: `services` with their `events`, `events` with the `entities` that they change, and `views` with the `entities` that they read. What a
/// view depends on is found by going back.
pub fn lineage(plan: &Plan, registry: &Registry) -> Value {
    let changed_by = plan.changed_by();
    let mut services: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for name in changed_by.keys() {
        // A fold is checked against its event type, so there is one.
        let owner = registry.event_type(name).map_or("", |event_type| event_type.service.as_str());
        services.entry(owner).or_default().push(name);
    }
    let names = |entities: &mut dyn Iterator<Item = usize>| entities.map(|entity| plan.entities[entity].name.as_str()).collect();
    let event = |(name, entities): (&&str, &std::collections::BTreeSet<usize>)| {
        let entities: Vec<&str> = names(&mut entities.iter().copied());
        json!({ "name": name, "entities": entities })
    };
    let view = |(number, view): (usize, &View)| {
        let entities: Vec<&str> = names(&mut plan.read_by(number).into_iter());
        json!({ "name": view.name, "entities": entities, "query": &*view.query })
    };
    json!({
        "services": services.iter().map(|(name, events)| json!({ "name": name, "events": events })).collect::<Vec<_>>(),
        "events": changed_by.iter().map(event).collect::<Vec<_>>(),
        "entities": plan.entities.iter().map(entity).collect::<Vec<_>>(),
        "views": plan.views.iter().enumerate().map(view).collect::<Vec<_>>(),
    })
}

fn entity(entity: &projections::plan::Entity) -> Value {
    let key: Vec<&str> = entity.columns[..entity.key_len].iter().map(|column| column.name.as_str()).collect();
    json!({ "name": entity.name, "key": key })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::definitions::built_in_shop;

    fn names<'v>(list: &'v Value, of: &str, what: &str) -> Vec<&'v str> {
        let found = list.as_array().unwrap().iter().find(|one| one["name"] == of).unwrap();
        found[what].as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect()
    }

    #[test]
    fn a_view_is_followed_back_to_the_services() {
        let shop = built_in_shop().unwrap();
        let found = lineage(&shop.projections[0].plan, &shop.registry);
        let read = names(&found["views"], "order_overview", "entities");
        assert!(
            ["customers", "order_lines", "orders", "payments", "products"].iter().all(|name| read.contains(name)),
            "{read:?}"
        );
        assert!(names(&found["events"], "OrderPlaced", "entities").contains(&"order_lines"));
        assert!(names(&found["services"], "orders", "events").contains(&"OrderPlaced"));
        assert_eq!(names(&found["entities"], "order_lines", "key"), ["order_id", "line_no"]);
    }

    #[test]
    fn what_is_kept_in_groups_is_read_too() {
        let shop = built_in_shop().unwrap();
        let found = lineage(&shop.projections[0].plan, &shop.registry);
        let read = names(&found["views"], "product_sales", "entities");
        assert!(read.contains(&"order_lines") && read.contains(&"products"), "{read:?}");
    }
}

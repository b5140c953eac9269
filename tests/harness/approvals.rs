//! Approvals of something that is no more: to be tried by themselves.

use domain::{
    access::{Principal, PrincipalKind},
    approvals::{Approval, ApprovalKind, ApprovalPolicy, Decider, NewApproval},
    id::Id,
    organization::{Institution, Staff},
    reference::Reference,
};
use persistence::{Operation, approvals::acts};
use uuid::Uuid;

use crate::{World, fixtures::far, patience::commit};

impl World {
    /// An approval of somebody's that somebody else decides, of something that is no more.
    pub async fn approval(
        &self,
        institution: Id<Institution>,
        asker: Id<Principal>,
        decider: Id<Staff>,
    ) -> Uuid {
        let app = &self.server.app;
        let stamp = app.clock.stamp();
        let unique = stamp.id::<()>().uuid();
        let name = unique.simple().to_string();
        let body = serde_json::json!({
            "name": name, "kind": "export", "from_amount": far(unique), "steps": [{"staff_id": decider}],
        });
        let ruler = self.ruler_of(institution);
        let made = ruler.post("/api/v1/approval-policies", &body).await;
        let policy = Reference {
            id: Id::new(made.expect(201).id().parse().unwrap()),
            version: 1,
            details: ApprovalPolicy {
                name,
                kind: ApprovalKind::Export,
                from_amount: far(unique),
                days: 7,
                steps: vec![Decider::Person(decider)],
            },
            created_at: stamp.now(),
            archived_at: None,
        };
        let new = NewApproval {
            kind: ApprovalKind::Export,
            subject: stamp.id(),
            amount: far(unique),
            summary: "月度盘点".into(),
        };
        let (approval, deed) = Approval::ask(new, &policy, asker, &stamp);
        let operation = Operation::system(institution, PrincipalKind::Operator, "ask", stamp);
        let (db, id) = (app.db.clone(), approval.id.uuid());
        self.server
            .inside(async move {
                let (approval, deed) = (&approval, &deed);
                commit(&db, &operation, |tx| async move {
                    acts::insert(&tx, approval, deed).await
                })
                .await
                .unwrap();
            })
            .await;
        id
    }
}

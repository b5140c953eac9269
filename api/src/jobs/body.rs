use domain::{fault::Rule, jobs::Job};
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    files::RecordReference,
    http::{context::Language, list::page, wire::Wire},
    system,
};

pub type JobKind = Wire<domain::jobs::JobKind>;
pub type JobStatus = Wire<domain::jobs::JobStatus>;

/// A job (后台任务): work that goes on after its request was answered.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Job)]
pub struct JobBody {
    pub id: Uuid,
    /// Raised with every change.
    #[schema(minimum = 1)]
    pub version: i64,
    /// What the job does.
    pub r#type: JobKind,
    /// Where it stands.
    pub status: JobStatus,
    /// How far it has come.
    pub progress: JobProgress,
    /// The record where what came of it can be read, which is there from the start; null where there is
    /// none.
    #[schema(required)]
    pub result: Option<RecordReference>,
    /// Why it failed or was cancelled; null otherwise.
    #[schema(required)]
    pub problem: Option<JobProblem>,
    pub created_at: Timestamp,
    /// When all of it had ended; null until then.
    #[schema(required)]
    pub finished_at: Option<Timestamp>,
}

/// How far a job has come.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct JobProgress {
    /// Steps that are done.
    #[schema(minimum = 0)]
    pub done: i64,
    /// Null until the work has been measured.
    #[schema(required, minimum = 0)]
    pub total: Option<i64>,
    /// 0 to 100; null until the work has been measured.
    #[schema(required, minimum = 0, maximum = 100)]
    pub percent: Option<i64>,
}

/// Why a job did not succeed.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct JobProblem {
    /// Stable name of the kind of problem.
    #[schema(pattern = "^[a-z][a-z0-9_]*$")]
    pub code: String,
    /// In the language of the request.
    pub title: &'static str,
    /// In the language of the request.
    pub detail: &'static str,
}

impl JobProblem {
    fn new(code: String, language: Language) -> Self {
        let rule: Option<&'static Rule> = system::problem_rules().find(|rule| rule.code == code);
        Self {
            title: rule.map_or("", |rule| language.of(rule.title)),
            detail: rule.map_or("", |rule| language.of(rule.detail)),
            code,
        }
    }
}

impl JobBody {
    pub(crate) fn new(job: Job, language: Language) -> Self {
        let percent = job.total.map(|total| match total {
            0 => 100,
            total => (job.done.saturating_mul(100) / total).clamp(0, 100),
        });
        Self {
            id: job.id.uuid(),
            version: job.version,
            r#type: Wire(job.kind),
            status: Wire(job.status),
            progress: JobProgress {
                done: job.done,
                total: job.total,
                percent,
            },
            result: RecordReference::of(job.target),
            problem: job.problem.map(|code| JobProblem::new(code, language)),
            created_at: job.created_at,
            finished_at: job.finished_at,
        }
    }
}

page! {
    /// One page of jobs.
    JobPage of JobBody
}

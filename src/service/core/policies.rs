//! What becomes of differences between matched records: what the configuration says, and a change of it.

use super::super::messages::{Done, PolicyView, View};
use super::super::reply::ReplyTo;
use super::super::writer;
use super::{Core, CoreMessage};
use crate::domain::{Failure, FailureClass, FieldPolicy, FlowId, Stream, UpdatePolicy, WriteField};
use std::collections::BTreeMap;

impl Core {
    /// What the flow keeps in step, field by field.
    pub(super) fn policies(&self, reply: ReplyTo, flow: FlowId) {
        let at = match self.flow_at(&flow) {
            Ok(at) => at,
            Err(failure) => return reply.failed(failure),
        };
        let state = &self.flows[at];
        let streams: Vec<Stream> = state.streams().collect();
        let written = self.connector_of(&state.flow.target).map(|c| c.fields().streams).unwrap_or_default();
        let (source, target) = (self.vendor(&state.flow.source), self.vendor(&state.flow.target));
        let file = self.settings.clone();
        self.off_thread(reply, move || {
            let rules = file.map(|file| file.write_rules(&flow)).transpose()?.unwrap_or_default();
            let of = |field: WriteField| -> Vec<Stream> {
                let has =
                    |s: &&crate::connectors::StreamFields| streams.contains(&s.stream) && s.writes.contains(&field);
                written.iter().filter(has).map(|s| s.stream).collect()
            };
            let fields = WriteField::ALL.into_iter().map(|field| (field, rules.policy(field), of(field)));
            let fields = fields.filter(|(_, _, streams)| !streams.is_empty()).collect();
            Ok(View::Policies(Box::new(PolicyView { flow, source, target, update: rules.update, fields })))
        });
    }

    /// Hands other policies to the writer.
    pub(super) fn set_policies(
        &mut self,
        reply: ReplyTo,
        flow: FlowId,
        update: UpdatePolicy,
        fields: BTreeMap<WriteField, FieldPolicy>,
    ) {
        if let Err(failure) = self.flow_at(&flow) {
            return reply.failed(failure);
        }
        let Some(file) = self.settings.clone() else {
            let what = "settings cannot be changed from here";
            return reply.failed(Failure::new(FailureClass::Usage, what, "change them in config.toml"));
        };
        let work = move |_: &crate::store::Store| {
            match file.save_policies(&flow, update, &fields) {
                Ok(()) => {
                    let text = match update {
                        UpdatePolicy::Off => format!("flow {flow}: differences are left as they are"),
                        UpdatePolicy::Ask => {
                            format!("flow {flow}: differences are planned after each sync and wait in the outbox")
                        }
                        UpdatePolicy::Automatic => format!("flow {flow}: differences are sent after each sync"),
                    };
                    reply.done(Done { text, ..Done::default() });
                }
                Err(failure) => reply.failed(failure),
            }
            CoreMessage::Freed
        };
        let _ = self.writer.send(writer::Job::Keep(Box::new(work)));
    }
}

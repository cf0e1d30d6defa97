//! The field mapping of a flow: what the mapping files of both sides say, side by side.

use super::super::messages::{FieldPairView, FieldSide, FlowFields, StreamFieldPairs, View};
use super::Core;
use crate::connectors::{Connector, ConnectorFields, FieldInfo, StreamFields, field_pairs};
use crate::domain::{Failure, FlowId, IntegrationId, Stream};
use std::sync::Arc;

impl Core {
    /// The fields of every stream of the flow.
    pub(super) fn flow_fields(&self, flow: &FlowId) -> Result<View, Failure> {
        let state = &self.flows[self.flow_at(flow)?];
        let sides = [&state.flow.source, &state.flow.target].map(|id| (self.vendor(id), self.connector_of(id)));
        let [source, target] = sides.map(|(name, connector)| connector.map(|c| (name, c.fields(), words(c))));
        let none = || (String::new(), ConnectorFields::default(), Vec::new());
        let (source, target) = (source.unwrap_or_else(none), target.unwrap_or_else(none));
        let streams = state.streams().map(|stream| {
            let word = |words: &[(Stream, String)]| {
                words.iter().find(|(s, _)| *s == stream).map_or_else(|| stream.to_string(), |(_, word)| word.clone())
            };
            let (left, right) = (of(&source.1, stream), of(&target.1, stream));
            let pairs = field_pairs(&left, &right).into_iter();
            let rows = pairs.filter_map(|pair| {
                let field = pair.source.as_ref().or(pair.target.as_ref())?.field.clone();
                Some(FieldPairView { field, source: pair.source.map(side), target: pair.target.map(side) })
            });
            StreamFieldPairs {
                stream,
                source_word: word(&source.2),
                target_word: word(&target.2),
                rows: rows.collect(),
            }
        });
        let streams = streams.collect();
        let file = |fields: &ConnectorFields| {
            fields.own_file.as_ref().map_or_else(String::new, |path| path.display().to_string())
        };
        Ok(View::Fields(Box::new(FlowFields {
            flow: flow.clone(),
            files: [file(&source.1), file(&target.1)],
            source: source.0,
            target: target.0,
            streams,
        })))
    }

    pub(super) fn connector_of(&self, id: &IntegrationId) -> Option<&Arc<dyn Connector>> {
        self.integrations.iter().find(|i| i.id == *id).map(|i| &i.connector)
    }
}

fn words(connector: &Arc<dyn Connector>) -> Vec<(Stream, String)> {
    connector.streams().into_iter().map(|info| (info.stream, info.word_one)).collect()
}

fn of(fields: &ConnectorFields, stream: Stream) -> StreamFields {
    let none = || StreamFields { stream, word_many: String::new(), fields: Vec::new(), writes: Vec::new() };
    fields.streams.iter().find(|s| s.stream == stream).cloned().unwrap_or_else(none)
}

fn side(info: FieldInfo) -> FieldSide {
    let FieldInfo { label, from, note, overridden, .. } = info;
    FieldSide { label: if label.is_empty() { from.clone() } else { label }, from, note, own: overridden }
}

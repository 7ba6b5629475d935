//! Holds an export against heads that were kept elsewhere.

use super::report::FaultKind;
use super::trust::{Keys, Witness};
use super::verifier::{Context, Verifier};
use crate::merkle;

impl Verifier<'_> {
    /// Compares the witnesses whose size the log has just reached.
    pub(super) fn check_reached_witnesses(&mut self, context: &Context) {
        let trust = self.trust;
        while let Some(witness) = trust.witnesses.get(self.n_witnesses_seen) {
            let Some(tree) = &self.tree else { return };
            let head = &witness.head.head;
            if head.size > tree.size() {
                return;
            }
            self.n_witnesses_seen += 1;
            let root = tree.root(context.suite);
            if self.is_witness_of_this_log(context, witness) && root != head.root {
                let explanation = format!("the first {} entries are not those that a witness saw", head.size);
                self.fault(FaultKind::Witness, explanation);
            }
        }
    }

    /// Compares the witnesses that the entries of the export did not reach, and all of them for the export of one chain.
    pub(super) fn check_remaining_witnesses(&mut self) {
        let Some(context) = self.context.clone() else { return };
        let trust = self.trust;
        for witness in trust.witnesses.iter().skip(self.n_witnesses_seen) {
            if !self.is_witness_of_this_log(&context, witness) {
                continue;
            }
            let size = witness.head.head.size;
            if context.header.chain.is_some() {
                self.check_witness_of_chain(&context, witness);
            } else if size > self.next_index {
                let explanation =
                    format!("a witness saw {size} entries; the export ends after {}", self.next_index);
                self.fault(FaultKind::Witness, explanation);
            } else {
                let explanation = format!("entries were lost before the {size} that a witness saw");
                self.fault(FaultKind::WitnessUnproven, explanation);
            }
        }
    }

    fn check_witness_of_chain(&mut self, context: &Context, witness: &Witness) {
        let Some((head, _)) = &self.last_head else { return };
        let seen = &witness.head.head;
        let proof = match &witness.consistency {
            Some(proof) => proof.as_slice(),
            None if seen.size == head.size => &[],
            None => {
                let explanation =
                    format!("the head of a witness at {} entries came without a proof", seen.size);
                self.fault(FaultKind::WitnessUnproven, explanation);
                return;
            }
        };
        let (old, new) = if seen.size <= head.size { (seen, head) } else { (head, seen) };
        let is_consistent =
            merkle::verify_consistency(context.suite, old.size, &old.root, new.size, &new.root, proof);
        if !is_consistent {
            let explanation =
                format!("the head contradicts the one that a witness saw at {} entries", seen.size);
            self.fault(FaultKind::Witness, explanation);
        }
    }

    fn is_witness_of_this_log(&mut self, context: &Context, witness: &Witness) -> bool {
        let trust = self.trust;
        let header = &context.header;
        let keys = match &trust.keys {
            Keys::Expected(keys) => keys,
            Keys::InHeader => &header.public_keys,
        };
        let is_signed = keys.iter().any(|key| witness.head.verify(context.suite, key));
        if is_signed && witness.head.head.log_id == header.log_id {
            return true;
        }
        let explanation = "the head of a witness is of another log or signed with another key".to_owned();
        self.fault(FaultKind::Witness, explanation);
        false
    }
}

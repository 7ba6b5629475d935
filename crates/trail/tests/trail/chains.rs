use trail::Link;
use trail::chain::{self, Fault, FaultKind};

use crate::log::{SUITE, entries, linked};

fn verify(records: &[trail::Record]) -> Result<(), Fault> {
    chain::verify(SUITE, records.iter().map(|record| (&record.entry, record.link)))
}

#[test]
fn a_chain_as_written_is_good() {
    assert_eq!(verify(&linked(entries(5, 1))), Ok(()));
    assert_eq!(verify(&[]), Ok(()));
}

#[test]
fn an_edited_entry_is_found_at_its_place() {
    let mut records = linked(entries(5, 1));
    records[2].entry.actor = "account/9".to_owned();
    assert_eq!(verify(&records), Err(Fault { seq: 3, kind: FaultKind::Link }));
}

#[test]
fn a_removed_entry_is_found_at_its_place() {
    let mut records = linked(entries(5, 1));
    records.remove(2);
    assert_eq!(verify(&records), Err(Fault { seq: 3, kind: FaultKind::Seq }));
}

#[test]
fn an_entry_of_another_chain_is_found() {
    let mut records = linked(entries(5, 1));
    records[3].entry.chain = "issue/8".to_owned();
    assert_eq!(verify(&records), Err(Fault { seq: 4, kind: FaultKind::OtherChain }));
}

#[test]
fn a_link_depends_on_every_field_and_on_the_link_before() {
    let entry = entries(1, 1).remove(0);
    let mut variants = vec![entry.clone(); 10];
    variants[1].chain.push('x');
    variants[2].seq += 1;
    variants[3].id.push('x');
    variants[4].time_micros += 1;
    variants[5].actor.push('x');
    variants[6].on_behalf_of = None;
    variants[7].client.push('x');
    variants[8].action.push('x');
    variants[9].payload = trail::Value::Null;
    let mut links: Vec<Link> =
        variants.iter().map(|entry| chain::append(SUITE, chain::GENESIS, entry)).collect();
    links.push(chain::append(SUITE, links[0], &entry));
    let n_links = links.len();
    links.sort();
    links.dedup();
    assert_eq!(links.len(), n_links);
}

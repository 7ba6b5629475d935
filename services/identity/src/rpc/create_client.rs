//! Creates a machine client and its secret.

use access::Facts;
use kernel::ClientId;
use proto::identity::v1 as pb;
use rpc::{Call, Fields};
use store::Batch;

use super::{Rpc, actor, chance, convert};
use crate::{
    domain::{Client, ClientName, ClientScope, Event, Happened, Secret},
    error::IdentityError,
    store::clients,
};

const MAX_SCOPES: usize = 50;

pub(super) async fn handle(
    rpc: Rpc,
    call: Call,
    req: pb::CreateClientRequest,
) -> Result<pb::CreateClientResponse, IdentityError> {
    let (name, scopes) = parse(req)?;
    if let Some(unknown) = scopes.iter().find(|scope| !rpc.scopes.contains(scope.as_str())) {
        return Err(IdentityError::ScopeUnknown(unknown.clone()));
    }
    let secret = Secret::from_random(chance::bytes()?);

    let now = rpc.clock.now();
    let mut tx = rpc.db.begin().await?;
    actor::authorise(&mut tx, &call, &Facts::default()).await?;
    let client = Client::create(rpc.new_id(now, ClientId::new), name, scopes, now);

    let mut batch = Batch::new();
    clients::insert(&mut batch, &client);
    clients::insert_secret(&mut batch, client.id, secret.digest(), now);
    let created = Event::ClientCreated(client.id, client.scopes.clone());
    rpc.publish(&mut batch, &call, Happened::client(&client, created, &call.caller.principal(), now));
    let answer = convert::client(&client);
    // What is kept for a repeat has no secret in it.
    let repeated = pb::CreateClientResponse { client: Some(answer.clone()), client_secret: String::new() };
    call.remember(&mut batch, &repeated, now);
    batch.run(&mut tx).await.map_err(|error| match error.constraint() {
        Some("client_name_key") => IdentityError::ClientNameTaken,
        _ => error.into(),
    })?;
    tx.commit().await?;
    Ok(pb::CreateClientResponse { client: Some(answer), client_secret: secret.expose() })
}

fn parse(req: pb::CreateClientRequest) -> Result<(ClientName, Vec<ClientScope>), IdentityError> {
    let pb::CreateClientRequest { name, scopes, request_id: _ } = req;
    let mut f = Fields::new();
    let name = f.parse("name", &name);
    if scopes.is_empty() || MAX_SCOPES < scopes.len() {
        f.reject("scopes", format!("must hold 1 to {MAX_SCOPES} scopes"));
    }
    let parse = |(n, scope): (usize, &String)| f.parse(&format!("scopes[{n}]"), scope);
    let scopes = scopes.iter().take(MAX_SCOPES).enumerate().filter_map(parse).collect();
    let Some(name) = name else { return Err(f.refuse().into()) };
    f.finish()?;
    Ok((name, scopes))
}

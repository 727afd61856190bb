//! What other services may ask.

use crate::{
    actions::{deliver, import, release, reserve, retry},
    store,
};
use contracts::{
    Done,
    inventory::{
        Available, CommitStock, DeallocateStock, GetAvailability, ImportStock, ReleaseStock, ReserveReply,
        ReserveStock, RestockLines, SecureStock,
    },
};
use platform::{Error, commands::Call, ids, service::Deps};

pub async fn availability(deps: &Deps, command: GetAvailability) -> Result<Vec<Available>, Error> {
    Ok(store::availability::totals(deps.db.pool(), &ids::uuids(&command.variants)).await?)
}

pub async fn reserve(deps: &Deps, call: Call, command: ReserveStock) -> Result<ReserveReply, Error> {
    retry(|| reserve::reserve(deps, &call, &command)).await
}

pub async fn release(deps: &Deps, call: Call, command: ReleaseStock) -> Result<Done, Error> {
    retry(|| release::release(deps, &call, &command)).await
}

pub async fn secure(deps: &Deps, call: Call, command: SecureStock) -> Result<ReserveReply, Error> {
    retry(|| reserve::secure(deps, &call, &command)).await
}

pub async fn commit(deps: &Deps, call: Call, command: CommitStock) -> Result<Done, Error> {
    retry(|| reserve::commit(deps, &call, command.order)).await
}

pub async fn deallocate(deps: &Deps, call: Call, command: DeallocateStock) -> Result<Done, Error> {
    retry(|| deliver::deallocate(deps, &call, &command)).await
}

pub async fn restock(deps: &Deps, call: Call, command: RestockLines) -> Result<Done, Error> {
    retry(|| deliver::restock(deps, &call, &command)).await
}

pub async fn import(deps: &Deps, call: Call, command: ImportStock) -> Result<Done, Error> {
    retry(|| import::import(deps, &call, &command)).await
}

mod crash;
mod transactions;

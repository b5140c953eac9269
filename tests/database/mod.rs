mod crash;
mod keys;
mod transactions;

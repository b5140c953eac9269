mod asvs;
mod canaries;
mod guards;
mod health;
mod metrics;
mod start;

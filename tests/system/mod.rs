mod asvs;
mod canaries;
mod health;
mod metrics;
mod start;

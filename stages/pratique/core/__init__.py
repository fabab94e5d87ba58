"""What every check, attack and stage stands on: batches, findings, params, errors, safe reading and writing."""

"""What several attacks share: blending rows, and the surrogate model of an attacker who trains one."""

"""Who answers a turn, and why: the policy as data, the decision as a pure function."""

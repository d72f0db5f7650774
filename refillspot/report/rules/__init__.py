"""What the report looks for, by subject: tables of rules, each with its stats and its texts."""

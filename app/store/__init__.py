"""The encrypted database: keys, tables, repositories, migrations."""

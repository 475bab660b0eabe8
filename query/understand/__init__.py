"""Understanding: what a query's words ask for, and which of them name the thing itself."""

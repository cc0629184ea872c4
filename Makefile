.PHONY: demo test lint lock
demo: ; script/demo
test: ; script/test
lint: ; script/bootstrap dev && .venv/bin/pre-commit run --all-files
lock: ; script/lock

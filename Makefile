.PHONY: demo test lint lock assets
demo: ; script/demo
test: ; script/test
lint: ; script/bootstrap dev && .venv/bin/pre-commit run --all-files
lock: ; script/lock
assets: ; script/assets

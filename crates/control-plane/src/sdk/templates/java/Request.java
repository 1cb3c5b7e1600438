{{licence}}package {{package}}.model;

import {{package}}.ApiRequest;

/** {{comment}} */
public final class {{class}} extends ApiRequest<{{class}}> {
    public {{class}}() {
        super("{{name}}", {{verb}}, {{signed}});
    }
{{setters}}
    @Override
    protected void check() {
{{needs}}    }

    @Override
    protected String path() {
        return String.join("", {{path}});
    }

    @Override
    protected {{class}} self() {
        return this;
    }
}

/*
 * (c) "Us"
 * * / x
 */
package com.example.pets.model;

import com.example.pets.ApiRequest;

/** ANY /any/{class} */
public final class AnyAnyClassRequest extends ApiRequest<AnyAnyClassRequest> {
    public AnyAnyClassRequest() {
        super("anyAnyClass", null, false);
    }

    public AnyAnyClassRequest class_(String value) {
        put(Place.PATH, "class", value);
        return this;
    }

    @Override
    protected void check() {
    }

    @Override
    protected String path() {
        return String.join("", "/any/", segment("class"));
    }

    @Override
    protected AnyAnyClassRequest self() {
        return this;
    }
}

/*
 * (c) "Us"
 * * / x
 */
package com.example.pets.model;

import com.example.pets.ApiRequest;

/** GET / */
public final class GetApiRootRequest extends ApiRequest<GetApiRootRequest> {
    public GetApiRootRequest() {
        super("getApiRoot", "GET", false);
    }

    @Override
    protected void check() {
    }

    @Override
    protected String path() {
        return String.join("", "/");
    }

    @Override
    protected GetApiRootRequest self() {
        return this;
    }
}

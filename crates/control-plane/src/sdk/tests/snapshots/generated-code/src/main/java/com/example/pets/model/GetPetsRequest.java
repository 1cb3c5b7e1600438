/*
 * (c) "Us"
 * * / x
 */
package com.example.pets.model;

import com.example.pets.ApiRequest;

/** GET /pets, with an API key */
public final class GetPetsRequest extends ApiRequest<GetPetsRequest> {
    public GetPetsRequest() {
        super("getPets", "GET", false);
    }

    public GetPetsRequest type(String... values) {
        put(Place.QUERY, "type", values);
        return this;
    }

    public GetPetsRequest pageSize(String... values) {
        put(Place.QUERY, "page-size", values);
        return this;
    }

    public GetPetsRequest xTrace(String value) {
        put(Place.HEADER, "X-Trace", value);
        return this;
    }

    @Override
    protected void check() {
        need(Place.QUERY, "type");
    }

    @Override
    protected String path() {
        return String.join("", "/pets");
    }

    @Override
    protected GetPetsRequest self() {
        return this;
    }
}

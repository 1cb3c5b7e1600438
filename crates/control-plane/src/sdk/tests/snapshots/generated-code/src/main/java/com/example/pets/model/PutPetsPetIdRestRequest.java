/*
 * (c) "Us"
 * * / x
 */
package com.example.pets.model;

import com.example.pets.ApiRequest;

/** PUT /pets/{petId}/{rest+}, signed with AWS credentials */
public final class PutPetsPetIdRestRequest extends ApiRequest<PutPetsPetIdRestRequest> {
    public PutPetsPetIdRestRequest() {
        super("putPetsPetIdRest", "PUT", true);
    }

    public PutPetsPetIdRestRequest petId(String value) {
        put(Place.PATH, "petId", value);
        return this;
    }

    public PutPetsPetIdRestRequest rest(String value) {
        put(Place.PATH, "rest", value);
        return this;
    }

    public PutPetsPetIdRestRequest path2(String... values) {
        put(Place.QUERY, "path", values);
        return this;
    }

    public PutPetsPetIdRestRequest xAmzMeta(String value) {
        put(Place.HEADER, "x-amz-meta", value);
        return this;
    }

    @Override
    protected void check() {
    }

    @Override
    protected String path() {
        return String.join("", "/pets/", segment("petId"), "/", segments("rest"));
    }

    @Override
    protected PutPetsPetIdRestRequest self() {
        return this;
    }
}

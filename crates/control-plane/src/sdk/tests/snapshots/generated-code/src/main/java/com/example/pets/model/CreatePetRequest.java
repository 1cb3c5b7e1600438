/*
 * (c) "Us"
 * * / x
 */
package com.example.pets.model;

import com.example.pets.ApiRequest;

/** POST /pets, authorization CUSTOM */
public final class CreatePetRequest extends ApiRequest<CreatePetRequest> {
    public CreatePetRequest() {
        super("createPet", "POST", false);
    }

    @Override
    protected void check() {
    }

    @Override
    protected String path() {
        return String.join("", "/pets");
    }

    @Override
    protected CreatePetRequest self() {
        return this;
    }
}

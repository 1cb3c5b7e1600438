
    public {{class}} {{name}}(String... values) {
        put(Place.{{place}}, {{wire_name}}, values);
        return this;
    }

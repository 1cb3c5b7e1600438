
    public {{class}} {{name}}(String value) {
        put(Place.{{place}}, {{wire_name}}, value);
        return this;
    }


    /** {{comment}} */
    public ApiResponse {{name}}({{class}} request) {
        return execute(request);
    }

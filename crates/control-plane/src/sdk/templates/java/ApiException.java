{{licence}}package {{package}};

/** The API answered with a status of 400 or above. */
public final class ApiException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final transient ApiResponse response;

    ApiException(ApiResponse response) {
        super("the API answered with status " + response.status());
        this.response = response;
    }

    public ApiResponse response() {
        return response;
    }
}

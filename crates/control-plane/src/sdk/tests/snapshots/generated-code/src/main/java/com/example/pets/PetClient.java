/*
 * (c) "Us"
 * * / x
 */
package com.example.pets;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.Map;

import com.example.pets.model.*;

/**
 * Client of Pets & friends (abcde12345), stage dev.
 * Generated: do not edit, generate it again.
 */
public final class PetClient {
    /** Where the stage was served when this was generated. */
    public static final String INVOKE_URL = "http://127.0.0.1:8080/_aws/execute-api/abcde12345/dev";
    private static final String REGION = "eu-west-1";

    private final HttpClient client;
    private final Builder settings;

    private PetClient(Builder settings) {
        // HTTP/2 is agreed on under TLS; asking for it in plain text confuses some servers.
        boolean isPlain = "http".equals(settings.invokeUrl.getScheme());
        this.settings = settings;
        this.client = HttpClient.newBuilder()
            .version(isPlain ? HttpClient.Version.HTTP_1_1 : HttpClient.Version.HTTP_2)
            .connectTimeout(settings.timeout)
            .build();
    }

    /** All settings are optional. */
    public static Builder builder() {
        return new Builder();
    }

    /** Nothing has to be given back; here for callers who end their clients. */
    public void shutdown() {
    }

    /** GET / */
    public ApiResponse getApiRoot(GetApiRootRequest request) {
        return execute(request);
    }

    /** ANY /any/{class} */
    public ApiResponse anyAnyClass(AnyAnyClassRequest request) {
        return execute(request);
    }

    /** GET /pets, with an API key */
    public ApiResponse getPets(GetPetsRequest request) {
        return execute(request);
    }

    /** POST /pets, authorization CUSTOM */
    public ApiResponse createPet(CreatePetRequest request) {
        return execute(request);
    }

    /** PUT /pets/{petId}/{rest+}, signed with AWS credentials */
    public ApiResponse putPetsPetIdRest(PutPetsPetIdRestRequest request) {
        return execute(request);
    }

    private ApiResponse execute(ApiRequest<?> request) {
        URI uri = request.uri(settings.invokeUrl);
        byte[] body = request.bytes();
        Map<String, String> headers = request.fields(settings.apiKey, body != null);
        if (request.isSigned()) {
            Signer.sign(settings.credentials, settings.region, request, uri, headers, body == null ? new byte[0] : body);
        }
        HttpRequest.Builder built = HttpRequest.newBuilder(uri).timeout(settings.timeout);
        built.method(request.verb(), body == null
            ? HttpRequest.BodyPublishers.noBody()
            : HttpRequest.BodyPublishers.ofByteArray(body));
        headers.forEach(built::header);
        try {
            HttpResponse<byte[]> answer = client.send(built.build(), HttpResponse.BodyHandlers.ofByteArray());
            ApiResponse response = new ApiResponse(answer.statusCode(), answer.headers().map(), answer.body());
            if (response.status() >= 400) {
                throw new ApiException(response);
            }
            return response;
        } catch (IOException error) {
            throw new UncheckedIOException(error);
        } catch (InterruptedException error) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted", error);
        }
    }

    /** Settings of a client. */
    public static final class Builder {
        private URI invokeUrl = URI.create(INVOKE_URL);
        private String apiKey;
        private IamCredentials credentials;
        private String region = REGION;
        private Duration timeout = Duration.ofSeconds(30);

        private Builder() {
        }

        /** Where the stage is served. */
        public Builder invokeUrl(String url) {
            URI parsed = URI.create(url);
            boolean isHttp = "http".equals(parsed.getScheme()) || "https".equals(parsed.getScheme());
            if (!isHttp || parsed.getHost() == null || parsed.getRawUserInfo() != null || parsed.getRawQuery() != null
                || parsed.getRawFragment() != null) {
                throw new IllegalArgumentException("invokeUrl must be a URL of http or https without user, query and fragment");
            }
            this.invokeUrl = parsed;
            return this;
        }

        /** Sent as x-api-key. */
        public Builder apiKey(String key) {
            this.apiKey = key;
            return this;
        }

        /** Signs the methods with authorization AWS_IAM. */
        public Builder iamCredentials(IamCredentials given) {
            this.credentials = given;
            return this;
        }

        /** The region that signatures name. */
        public Builder region(String name) {
            this.region = name;
            return this;
        }

        /** For connecting, and for the whole of a call. */
        public Builder timeout(Duration duration) {
            this.timeout = duration;
            return this;
        }

        /** Makes the client. */
        public PetClient build() {
            return new PetClient(this);
        }
    }
}

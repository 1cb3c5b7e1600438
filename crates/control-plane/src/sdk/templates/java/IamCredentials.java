{{licence}}package {{package}};

import java.util.Objects;

/** What signs requests. */
public final class IamCredentials {
    final String accessKey;
    final String secretKey;
    final String sessionToken;

    /** Credentials that last. */
    public IamCredentials(String accessKey, String secretKey) {
        this(accessKey, secretKey, null);
    }

    /** Credentials that are lent for a while. */
    public IamCredentials(String accessKey, String secretKey, String sessionToken) {
        this.accessKey = Objects.requireNonNull(accessKey);
        this.secretKey = Objects.requireNonNull(secretKey);
        this.sessionToken = sessionToken;
    }
}

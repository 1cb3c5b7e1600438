{{licence}}package {{package}};

import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/** What a call sends. */
public abstract class ApiRequest<T extends ApiRequest<T>> {
    /** Where a parameter goes. */
    protected enum Place { PATH, QUERY, HEADER }

    private final String name;
    private String verb;
    private final boolean anyVerb;
    private final boolean signed;
    private final Map<String, String> variables = new LinkedHashMap<>();
    private final List<String[]> query = new ArrayList<>();
    private final Map<String, String> headers = new TreeMap<>();
    private byte[] body;

    protected ApiRequest(String name, String verb, boolean signed) {
        this.name = name;
        this.verb = verb;
        this.anyVerb = verb == null;
        this.signed = signed;
    }

    /** The body as it is sent; JSON unless the header content-type says otherwise. */
    public T body(String text) {
        this.body = text.getBytes(StandardCharsets.UTF_8);
        return self();
    }

    /** The body as it is sent. */
    public T body(byte[] bytes) {
        this.body = bytes.clone();
        return self();
    }

    /** A header that the method does not declare. */
    public T header(String field, String value) {
        put(Place.HEADER, field, value);
        return self();
    }

    /** A query parameter that the method does not declare. */
    public T queryParam(String parameter, String... values) {
        put(Place.QUERY, parameter, values);
        return self();
    }

    /** The verb, for methods that serve any. */
    public T httpMethod(String given) {
        if (!anyVerb) {
            throw new IllegalArgumentException(name + " has a verb of its own");
        }
        this.verb = given.toUpperCase(Locale.ROOT);
        return self();
    }

    protected abstract void check();

    protected abstract String path();

    protected abstract T self();

    protected final void put(Place place, String parameter, String... values) {
        for (String value : values) {
            if (value == null) {
                continue;
            }
            switch (place) {
                case PATH:
                    variables.put(parameter, value);
                    break;
                case QUERY:
                    query.add(new String[] {parameter, value});
                    break;
                default:
                    headers.put(parameter.toLowerCase(Locale.ROOT), value);
            }
        }
    }

    protected final void need(Place place, String parameter) {
        boolean given = place == Place.HEADER
            ? headers.containsKey(parameter.toLowerCase(Locale.ROOT))
            : query.stream().anyMatch(pair -> pair[0].equals(parameter));
        if (!given) {
            throw new IllegalArgumentException(name + " needs the parameter " + parameter);
        }
    }

    protected final String segment(String parameter) {
        return joined(parameter, false);
    }

    protected final String segments(String parameter) {
        return joined(parameter, true);
    }

    private String joined(String parameter, boolean greedy) {
        String value = variables.getOrDefault(parameter, "");
        String[] parts = greedy ? value.split("/", -1) : new String[] {value};
        List<String> encoded = new ArrayList<>();
        for (String part : parts) {
            // Servers and proxies resolve these, which would call another path.
            if (value.isEmpty() || part.equals(".") || part.equals("..")) {
                throw new IllegalArgumentException(name + " cannot have '" + value + "' as " + parameter + " in its path");
            }
            encoded.add(Signer.encode(part));
        }
        return String.join("/", encoded);
    }

    final String verb() {
        if (verb == null) {
            throw new IllegalArgumentException(name + " serves any verb: say which with httpMethod");
        }
        return verb;
    }

    final String name() {
        return name;
    }

    final boolean isSigned() {
        return signed;
    }

    final byte[] bytes() {
        return body;
    }

    final List<String[]> query() {
        return query;
    }

    final URI uri(URI base) {
        check();
        List<String> pairs = new ArrayList<>();
        for (String[] pair : query) {
            pairs.add(Signer.encode(pair[0]) + "=" + Signer.encode(pair[1]));
        }
        String root = base.toString().replaceAll("/+$", "");
        return URI.create(root + path() + (pairs.isEmpty() ? "" : "?" + String.join("&", pairs)));
    }

    final Map<String, String> fields(String apiKey, boolean hasBody) {
        Map<String, String> fields = new TreeMap<>(headers);
        fields.putIfAbsent("accept", "application/json");
        if (apiKey != null) {
            fields.putIfAbsent("x-api-key", apiKey);
        }
        if (hasBody) {
            fields.putIfAbsent("content-type", "application/json");
        }
        return fields;
    }
}

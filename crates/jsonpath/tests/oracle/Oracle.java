import com.jayway.jsonpath.JsonPath;
import com.jayway.jsonpath.PathNotFoundException;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import net.minidev.json.JSONStyle;
import net.minidev.json.JSONValue;

/** Answers one line per line: base64 path TAB base64 document in; outcome TAB JSON out. */
public class Oracle {
    public static void main(String[] arguments) throws Exception {
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        PrintStream out = new PrintStream(System.out, true, "UTF-8");
        for (String line; (line = in.readLine()) != null; ) {
            String[] fields = line.split("\t", -1);
            out.println(answer(text(fields[0]), text(fields[1])));
        }
    }

    private static String text(String base64) {
        return new String(Base64.getDecoder().decode(base64), StandardCharsets.UTF_8);
    }

    private static String answer(String text, String document) {
        JsonPath path;
        try {
            path = JsonPath.compile(text);
        } catch (Throwable refused) {
            return "refused\t";
        }
        try {
            Object value = path.read(document);
            return (path.isDefinite() ? "one" : "list") + "\t" + JSONValue.toJSONString(value, JSONStyle.LT_COMPRESS);
        } catch (PathNotFoundException missing) {
            return "not found\t";
        } catch (Throwable failed) {
            return "failed\t";
        }
    }
}

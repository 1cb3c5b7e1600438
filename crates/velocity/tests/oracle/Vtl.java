// The oracle: renders cases with Apache Velocity 1.7 and writes what it says.
//
// Standard input: one case a line, three fields with TABs between them: the mode (`aws`: references that do not resolve
// become the empty string; `stock`: as Velocity comes), the template and the context (a JSON object whose members become
// variables, as json-smart reads them), both in base64. Standard output: `OK` TAB the output in base64, or `ERR` TAB the
// first line of what was thrown, in base64.

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Map;
import org.apache.velocity.VelocityContext;
import org.apache.velocity.app.VelocityEngine;
import org.apache.velocity.app.event.EventCartridge;
import org.apache.velocity.app.event.InvalidReferenceEventHandler;
import org.apache.velocity.context.Context;
import org.apache.velocity.util.introspection.Info;

public class Vtl {
    /** What API Gateway seems to install: nothing is ever missing. */
    public static class EmptyString implements InvalidReferenceEventHandler {
        public Object invalidGetMethod(Context c, String reference, Object object, String property, Info info) {
            return "";
        }

        public boolean invalidSetMethod(Context c, String left, String right, Info info) {
            return false;
        }

        public Object invalidMethod(Context c, String reference, Object object, String method, Info info) {
            return "";
        }
    }

    static VelocityEngine engine(boolean inlineMacros) {
        VelocityEngine engine = new VelocityEngine();
        engine.setProperty("runtime.log.logsystem.class", "org.apache.velocity.runtime.log.NullLogChute");
        engine.setProperty("velocimacro.permissions.allow.inline", String.valueOf(inlineMacros));
        engine.setProperty("velocimacro.permissions.allow.inline.local.scope", "true");
        engine.init();
        return engine;
    }

    static String render(VelocityEngine engine, boolean aws, String template, String json) {
        VelocityContext context = new VelocityContext();
        Map<?, ?> variables = com.jayway.jsonpath.JsonPath.parse(json).json();
        for (Map.Entry<?, ?> variable : variables.entrySet()) {
            context.put((String) variable.getKey(), variable.getValue());
        }
        if (aws) {
            EventCartridge cartridge = new EventCartridge();
            cartridge.addEventHandler(new EmptyString());
            cartridge.attachToContext(context);
        }
        StringWriter out = new StringWriter();
        engine.evaluate(context, out, "template", template);
        return out.toString();
    }

    static String decode(String field) {
        return new String(Base64.getDecoder().decode(field), StandardCharsets.UTF_8);
    }

    static String encode(String text) {
        return Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8));
    }

    public static void main(String[] args) throws Exception {
        VelocityEngine aws = engine(false);
        VelocityEngine stock = engine(true);
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.US_ASCII));
        PrintStream out = new PrintStream(System.out, false, "US-ASCII");
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            String[] field = line.split("\t", -1);
            boolean isAws = field[0].equals("aws");
            try {
                out.println("OK\t" + encode(render(isAws ? aws : stock, isAws, decode(field[1]), decode(field[2]))));
            } catch (Throwable thrown) {
                out.println("ERR\t" + encode(String.valueOf(thrown).split("\n")[0]));
            }
            out.flush();
        }
    }
}

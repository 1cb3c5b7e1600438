// Apache Velocity 1.7 under the same commands as crates/velocity/benches/renders.rs.
//
// Arguments: a file with a JSON object whose members become variables, then template files. Each line of standard input is a
// command, answered by a line `ok`: `show INDEX FILE` writes the output of a template to a file, `run INDEX COUNT` renders it
// that often, with variables that are made once.

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.StringReader;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Paths;
import java.util.Map;
import org.apache.velocity.Template;
import org.apache.velocity.VelocityContext;
import org.apache.velocity.app.event.EventCartridge;
import org.apache.velocity.app.event.InvalidReferenceEventHandler;
import org.apache.velocity.context.Context;
import org.apache.velocity.runtime.RuntimeInstance;
import org.apache.velocity.util.introspection.Info;

public class Renders {
    /** References that lead nowhere are the empty string, as on API Gateway. */
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

    static String read(String path) throws Exception {
        return new String(Files.readAllBytes(Paths.get(path)), StandardCharsets.UTF_8);
    }

    static Template parse(RuntimeInstance runtime, String path) throws Exception {
        Template template = new Template();
        template.setRuntimeServices(runtime);
        template.setName(path);
        template.setEncoding("UTF-8");
        template.setData(runtime.parse(new StringReader(read(path)), path));
        template.initDocument();
        return template;
    }

    static String render(Template template, Map<?, ?> variables) {
        VelocityContext context = new VelocityContext();
        for (Map.Entry<?, ?> variable : variables.entrySet()) {
            context.put((String) variable.getKey(), variable.getValue());
        }
        EventCartridge cartridge = new EventCartridge();
        cartridge.addEventHandler(new EmptyString());
        cartridge.attachToContext(context);
        StringWriter out = new StringWriter();
        template.merge(context, out);
        return out.toString();
    }

    public static void main(String[] args) throws Exception {
        RuntimeInstance runtime = new RuntimeInstance();
        runtime.setProperty("runtime.log.logsystem.class", "org.apache.velocity.runtime.log.NullLogChute");
        runtime.init();
        Map<?, ?> variables = com.jayway.jsonpath.JsonPath.parse(read(args[0])).json();
        Template[] templates = new Template[args.length - 1];
        for (int i = 0; i < templates.length; i++) {
            templates[i] = parse(runtime, args[i + 1]);
        }
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        long length = 0;
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            String[] words = line.split(" ", 3);
            Template template = templates[Integer.parseInt(words[1])];
            if (words[0].equals("show")) {
                Files.write(Paths.get(words[2]), render(template, variables).getBytes(StandardCharsets.UTF_8));
            } else {
                for (long left = Long.parseLong(words[2]); left > 0; left--) {
                    length += render(template, variables).length();
                }
            }
            System.out.println("ok");
            System.out.flush();
        }
        // What is never used might never be rendered.
        System.err.println(length);
    }
}

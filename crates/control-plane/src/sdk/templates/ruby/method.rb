
    # {{comment}}
    def {{name}}({{signature}})
      @runtime.call({{verb}}, [{{path}}],
                    [{{query}}], [{{headers}}], body, headers, query, {{auth}})
    end


    def {{name}}(self, *, {{signature}}):
        """{{comment}}"""
        return self._call(
            {{verb}}, [{{path}}], [{{query}}], [{{headers}}], body, headers, query, {{auth}}
        )

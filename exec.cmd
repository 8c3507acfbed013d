@rem npm start under Windows, where cmd has neither exec, which elsewhere puts the server in the place of npm's shell,
@rem nor env: what follows its two variables, which are glibc's, is run.
@for /f "tokens=3,*" %%a in ("%*") do @%%b
